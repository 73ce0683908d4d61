// Uploads one file with tus-js-client and prints where it went. Everything is told as JSON on the command line:
// endpoint, path, headers, metadata, chunkSize (bytes).
import { createReadStream } from 'node:fs'
import { Upload } from 'tus-js-client'

const told = JSON.parse(process.argv[2])
const upload = new Upload(createReadStream(told.path), {
  endpoint: told.endpoint,
  headers: told.headers,
  metadata: told.metadata,
  chunkSize: told.chunkSize,
  retryDelays: Array(100).fill(30),
  onError(error) {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess() {
    console.log(JSON.stringify({ url: upload.url }))
    process.exit(0)
  },
})
upload.start()
