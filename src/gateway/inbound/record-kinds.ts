/** What the way in keeps beside the log: messages that wait, those that were joined to another, those that were put aside. */
export const waitingRecords = "inbound-waiting";
export const joinedRecords = "inbound-joined";
export const asideRecords = "inbound-aside";
/** Messages that wait on disk alone, by session and order of arrival; and what finds one by its update, or its message. */
export const backlogRecords = "inbound-backlog";
export const backlogUpdates = "inbound-backlog-update";
export const backlogMessages = "inbound-backlog-message";
