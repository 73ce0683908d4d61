"""Is every grid staffed as its area's rules ask (S0-05, S4-26, S3-06), and does everybody carry a handheld (S4-28)?

Both are questions to the tables as they are at an instant; nothing is stored.
"""
