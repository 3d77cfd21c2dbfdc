// kill -9 of the client, when it was about to send a message or just had.
import { strikesAtEveryMessage } from './every-message.ts';

strikesAtEveryMessage({ kinds: ['kill-before', 'kill-after'], sample: 7 });
