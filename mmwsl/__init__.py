"""mmwsl: learning vision with little or no human labelling, on mmengine."""

__version__ = '0.10.0'
