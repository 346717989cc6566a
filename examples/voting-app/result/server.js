// Shows how many voted for what, read from postgres at each request.
import { readFileSync } from 'node:fs'
import express from 'express'
import pg from 'pg'

const version = process.env.VERSION ?? '1.0'
const page = readFileSync('index.html', 'utf8').replaceAll('{{version}}', version)
const counts = new pg.Pool({
  password: () => readFileSync('/run/secrets/database-password', 'utf8').trim(),
  connectionTimeoutMillis: 2000,
  query_timeout: 5000,
  max: 4,
})
// A database that went away is asked again at the next request.
counts.on('error', (error) => console.log(`the database went away: ${error.message}`))

const app = express()
app.get('/', (request, response) => response.type('html').send(page))
app.get('/version', (request, response) => response.type('text').send(`result ${version}\n`))
app.get('/healthy', (request, response) => response.type('text').send('ok\n'))
app.get('/votes', async (request, response) => {
  try {
    const { rows } = await counts.query('SELECT vote, count(*)::int AS votes FROM votes GROUP BY vote')
    response.json({ a: 0, b: 0, ...Object.fromEntries(rows.map((row) => [row.vote, row.votes])) })
  } catch (error) {
    // No table yet: nobody has voted.
    if (error.code === '42P01') response.json({ a: 0, b: 0 })
    else response.status(503).type('text').send(`the database does not answer: ${error.message}\n`)
  }
})

const server = app.listen(8000, () => console.log(`result ${version} listens on 8000`))
process.on('SIGTERM', () => server.close(() => counts.end().then(() => process.exit(0))))
