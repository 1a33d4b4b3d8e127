/** What the desk keeps and gives at most; everything it holds is in memory. */
export const deskLimits = {
  /** Entries of one customer's timeline; the oldest go first, and how many went is told. */
  timelineEntriesMax: 500,
  /** Rows of one customer's register; those closed longest ago go first. */
  registerRowsMax: 500,
  /** Names one customer is known by. */
  referencesMax: 100,
  /** Feeds gone silent and incidents that touched many, latest first. */
  bulletinsMax: 20,
  /** Hours for which broken promises are counted hour by hour. */
  brokenHoursMax: 24 * 31,
  /** Customers named in one change notice; beyond, the notice says "many". */
  changedMax: 200,
  /** Customers whose score is brought up to the moment before one list is answered. */
  rescoredMax: 2_000,
  /** Rounds of asking whose invitations are known by the round. */
  roundsMax: 60,
  /** Segments whose trend is kept apart; the rest are taken together. */
  segmentsMax: 50,
  /** Days for which changes of a segment are kept day by day. */
  trendDaysMax: 400,
  joinStepsMax: 8,
  /** What is said of customers of whom no fact was heard yet: of whose partition others are read first. */
  waitingOutputsMax: 100_000,
  pageItemsMax: 200,
  liveConnectionsMax: 100,
} as const;

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
