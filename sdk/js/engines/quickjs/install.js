import { install } from './promise.js';

// Before anything of the author's is loaded.
install();
