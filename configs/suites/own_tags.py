# Maps from tags on the pre-trained network, as it is or its last stages trained too, plain and with Hide-and-Seek, on
# photos of one's own: --data LABELS.csv. Boxes in it are for the evaluation alone.
suite = 'own_tags'
protocols = ['multi_label']
weaksup = 'mmwsl::weaksup/localization/'
frozen, tuned = 'efficientnetlite0_1xb32-cos-5e_voc07.py', 'finetune_efficientnetlite0_1xb32-cos-10e_voc07.py'
runs = [
    dict(method='cam', config=f'{weaksup}cam/cam_{frozen}', seeds=[0, 1, 2]),
    dict(method='hide_and_seek', config=f'{weaksup}hide_and_seek/hide_and_seek_{frozen}', seeds=[0, 1, 2]),
    dict(method='cam_finetune', config=f'{weaksup}cam/cam_{tuned}', seeds=[0, 1, 2]),
    dict(method='hide_and_seek_finetune', config=f'{weaksup}hide_and_seek/hide_and_seek_{tuned}', seeds=[0, 1, 2]),
]
