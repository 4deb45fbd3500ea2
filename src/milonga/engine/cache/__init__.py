"""Results of earlier steps: their keys, what is remembered under them and for how long, and why they were used."""
