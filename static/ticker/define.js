/** Makes `<live-feed>` known, once, whoever else did so before. */
import { LiveFeed } from './element.js';

if (!customElements.get('live-feed')) customElements.define('live-feed', LiveFeed);
