// A connection over which nothing comes any more, the death of its client included, until it breaks a second later.
import { strikesAtEveryMessage } from './every-message.ts';

strikesAtEveryMessage({ kinds: ['freeze-before', 'freeze-after'], sample: 6, atOnce: 6 });
