// The newest Node.js 22.
import { runsEveryPart } from './every-part.ts';

runsEveryPart({ node: '22', npm: '10' });
