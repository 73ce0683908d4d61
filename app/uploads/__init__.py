"""Photos and files: resumable upload (tus 1.0), checks, thumbnails, and the store they rest in."""
