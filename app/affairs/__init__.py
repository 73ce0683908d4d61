"""Admission of grid affairs (事务准入): what may be asked of an inspector, who agreed, and until when."""
