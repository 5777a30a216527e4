# CDP, a single model, with the settings published for 200 thousand faces.
clustering = dict(method='cdp', k=15, threshold=0.66, max_size=600, step=0.05)
