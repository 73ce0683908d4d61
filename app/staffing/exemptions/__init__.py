"""Area-wide exemptions: base station down, ferries stopped, typhoon, maintenance. One action with a reason.

Everybody whose area lies in or below the exempted one has the exemption's kind of day wherever something was
planned for him; his own absence goes before it, a nearer area's exemption before a wider one's.
"""
