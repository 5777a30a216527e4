# PCL that starts from regions compared with their surroundings, for some hundred photos and a CPU.
_base_ = '../wsddn/wsddn_context_efficientnetlite0_1xb2-cos-6e_voc07.py'

model = dict(head=dict(type='PCLHead'))
