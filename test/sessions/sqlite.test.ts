import { describeSessions } from './conformance.js';
import { inline, inThread } from './sqlite-support.js';

describeSessions('SQLite in a thread of its own', inThread);
describeSessions('SQLite in the same thread', inline);
