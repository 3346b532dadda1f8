/** Where the bench's collector listens: contestants are told before it runs. */
export const COLLECTOR_PORT = 14318;
