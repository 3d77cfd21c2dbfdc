// What a check of `doctor` can come to. Pure.
import type { HealthCheck } from '../events.ts';

export type Found = Pick<HealthCheck, 'verdict' | 'message' | 'hint'>;

export const ok = (message: string): Found => ({ verdict: 'ok', message });
export const warning = (message: string, hint: string): Found => ({ verdict: 'warning', message, hint });
export const problem = (message: string, hint: string): Found => ({ verdict: 'problem', message, hint });
