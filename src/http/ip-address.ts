/**
 * The version of an IP address in text, 0 when it is none. Says what `isIP` of Node's `net` says, whose module costs a
 * gateway several megabytes to load.
 */
export function isIP(text: string): 0 | 4 | 6 {
  if (octets.test(text)) return 4;
  return /^[0-9a-f:.]{2,45}$/i.test(text) && text.includes(":") && URL.canParse(`http://[${text}]`) ? 6 : 0;
}

const octets = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
