# CDP by the vote of a committee of four models beside the base one, with the settings published for 1.4 million faces.
clustering = dict(method='cdp_vote', k=15, threshold=0.62, accept=4, max_size=600, step=0.05)
