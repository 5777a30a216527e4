# Which instance makes a bag positive: attention, gated attention, and mean and maximum of embeddings and of instances'
# probabilities, on bags of scikit-learn's digits, three seeds.
suite = 'attention_mil'
protocols = ['mil']
config = 'mmwsl::weaksup/mil/attention_mil/attention_mil_bagencoder_1xb1-const-20e_digitbags.py'
mean = dict(_delete_=True, type='BagPooling', kind='mean')
maximum = dict(_delete_=True, type='BagPooling', kind='max')
runs = [
    dict(method=method, config=config, seeds=[0, 1, 2], options=options) for method, options in (
        ('attention', {}),
        ('gated_attention', {'model.pooling.gated': True}),
        ('mean_embedding', {'model.pooling': mean}),
        ('max_embedding', {'model.pooling': maximum}),
        ('mean_instance', {'model.pooling': mean, 'model.level': 'instance'}),
        ('max_instance', {'model.pooling': maximum, 'model.level': 'instance'}),
    )
]
del mean, maximum
