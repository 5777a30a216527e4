# Segmentation of photos from tags in one training, from the network of ImageNet, which was trained with labels: tags of
# VOC2007's train set, tested on the 70 photos of val with class maps that the four steps are tested on, too; one seed.
suite = 'one_stage_voc'
protocols = ['segmentation']
recipe = '_efficientnetlite0_1xb8-cos-20e_voc07.py'
runs = [
    dict(method=method, config=f'mmwsl::weaksup/segmentation/{method}/{method}{recipe}')
    for method in ('one_stage', 'toco', 'cosa')
]
