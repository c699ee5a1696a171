import { quoted, unavailable } from './failures.ts';
import type { Http, HttpAnswer, HttpRequest } from './http.ts';
import { mayLead, type PlaceOptions } from './places.ts';

const maxRedirects = 5;

/**
 * Sends a request, and follows where it is redirected to: registries keep blobs elsewhere. Whoever is asked on the way, only the first
 * place ever sees the `authorization`.
 * @throws RelaunchError RegistryUnavailable where the way leads to a place that it may not, or in circles; or what the network throws
 */
export async function sendFollowing(http: Http, request: HttpRequest, options: PlaceOptions): Promise<HttpAnswer> {
  let { url, headers } = request;
  for (let redirects = 0; ; redirects++) {
    const answer = await http.send({ ...request, url, headers });
    const { location } = answer.headers;
    if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return answer;
    if (redirects === maxRedirects) {
      throw unavailable(`${request.url.host} redirects more than ${String(maxRedirects)} times`);
    }
    const target = URL.parse(location, url.href);
    if (target === null || !mayLead(url, target, options)) {
      throw unavailable(`${url.host} redirects to ${quoted(location)}, where it is not followed`);
    }
    if (target.origin !== request.url.origin) {
      const { authorization: _, ...others } = headers;
      headers = others;
    }
    url = target;
  }
}
