// The newest Node.js 20.
import { runsEveryPart } from './every-part.ts';

runsEveryPart({ node: '20', npm: '10' });
