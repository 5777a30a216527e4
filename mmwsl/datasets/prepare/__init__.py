"""Public data sets brought into the form that is read here."""
