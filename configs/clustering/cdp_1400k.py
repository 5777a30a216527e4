# CDP, a single model, with the settings published for 1.4 million faces.
clustering = dict(method='cdp', k=15, threshold=0.68, max_size=600, step=0.05)
