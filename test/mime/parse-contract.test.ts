import { parsingContract } from '../contracts/parsing.ts';

parsingContract('by Node');
