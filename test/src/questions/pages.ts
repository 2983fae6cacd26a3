/** The pages under docs/ whose answers are made by running what they ask. */
export const PAGES = ['sql.md', 'explain.md'] as const;
