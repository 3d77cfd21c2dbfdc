// The oldest Node.js that the package may be installed with.
import { runsEveryPart } from './every-part.ts';

runsEveryPart({ node: '20.19.0', npm: '10' });
