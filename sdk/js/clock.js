import { nowMs as now } from 'skillet:skill/clock@0.1.0';

export const nowMs = () => Number(now());
