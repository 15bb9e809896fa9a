import { report as tell } from 'skillet:skill/progress@0.1.0';
import { text, u32 } from './checked.js';

export function report(done, total, note = '') {
  tell(u32(done, 'done'), u32(total, 'total'), text(note, 'the note'));
}
