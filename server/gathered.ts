/**
 * Never called. What gathers the files of a server by following imports, as Next.js does for its standalone output,
 * finds by this one all that worker threads load: the address that they start from leads to a single file.
 */
export const gathered = () => import('./worker.js');
