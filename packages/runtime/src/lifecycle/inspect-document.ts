/** What an `inspect` command shows, with docker's keys. */
export type InspectDocument = Readonly<Record<string, unknown>>;
