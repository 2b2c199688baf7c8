"""From words to steps: recipes over registered operations, questions where something essential is missing."""
