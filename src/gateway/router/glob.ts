/**
 * Does the whole text fit the pattern, upper and lower case alike? `*` is any text, `?` any one sign. Goes back to the last
 * star alone, so hostile patterns and texts take no more than the product of their lengths.
 */
export function fitsGlob(pattern: string, text: string): boolean {
  const wanted = Array.from(pattern.toLowerCase());
  const signs = Array.from(text.toLowerCase());
  let [at, star, from] = [0, -1, 0];
  let sign = 0;
  while (sign < signs.length) {
    if (wanted[at] === "*") {
      star = at++;
      from = sign;
    } else if (wanted[at] === "?" || wanted[at] === signs[sign]) {
      at++;
      sign++;
    } else if (star >= 0) {
      at = star + 1;
      sign = ++from;
    } else return false;
  }
  while (wanted[at] === "*") at++;
  return at === wanted.length;
}
