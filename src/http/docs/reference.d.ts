declare const source: string;
// oxlint-disable-next-line import/no-default-export -- this is how the contents of a file are imported
export default source;
