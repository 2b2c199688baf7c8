"""Language models of several vendors behind one small interface. Importing this package imports no vendor's SDK."""
