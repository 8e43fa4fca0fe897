"""Other standards that the catalogue speaks: functions from `Offer` to the shape of one standard each."""
