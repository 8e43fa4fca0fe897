"""Following other catalogues: fetching what they publish (hostile until proven otherwise), and taking it over."""
