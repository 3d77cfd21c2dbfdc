// The newest Node.js 24.
import { runsEveryPart } from './every-part.ts';

runsEveryPart({ node: '24', npm: '11' }, { showsThat: true });
