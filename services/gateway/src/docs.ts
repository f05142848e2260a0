import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Express } from 'express';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Palaver API</title>
    <link rel="stylesheet" href="/api/docs/swagger-ui.css" />
    <link rel="icon" href="/api/docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/api/docs/swagger-ui-bundle.js"></script>
    <script src="/api/docs/start.js"></script>
  </body>
</html>
`;

/** A file of its own, since the content security policy lets no script stand in the page. */
const START = `window.ui = SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: true,
});
`;

/** Its files alone: the package's own entry would load all of Swagger UI into this process. */
const ASSETS = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

/** Swagger UI at `/api/docs`, all of it served from here. */
export const serveDocs = (app: Express): void => {
  app.get('/api', (_req, res) => res.redirect('/api/docs'));
  app.get('/api/docs', (_req, res) => void res.type('html').send(PAGE));
  app.get('/api/docs/start.js', (_req, res) => void res.type('js').send(START));
  // Only what the page names: the package has a page of its own as well, of somebody else's API.
  app.get(/^\/api\/docs\/(swagger-ui\.css|swagger-ui-bundle\.js|favicon-32x32\.png)$/, (req, res) =>
    res.sendFile(req.params[0]!, { root: ASSETS, maxAge: '1h' }),
  );
};
