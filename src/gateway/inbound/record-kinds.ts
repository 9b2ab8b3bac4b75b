/** What the way in keeps beside the log: messages that wait, those that were joined to another, those that were put aside. */
export const waitingRecords = "inbound-waiting";
export const joinedRecords = "inbound-joined";
export const asideRecords = "inbound-aside";
