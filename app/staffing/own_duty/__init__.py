"""What a handheld asks about duty: am I on duty now, since when, until when, what is planned next (`GET /me/duty`)."""
