// A connection that breaks, with the message on it or right behind it.
import { strikesAtEveryMessage } from './every-message.ts';

strikesAtEveryMessage({ kinds: ['cut-before', 'cut-after'], sample: 6 });
