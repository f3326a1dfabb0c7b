def best_site(x, motif):
    k, sites = motif.shape[1], []
    turned = motif[::-1, ::-1]
    for start in range(x.shape[1] - k + 1):
        window = x[:, start : start + k]
        sites.append((float((window * motif).sum()), start, 1))
        sites.append((float((window * turned).sum()), start, -1))
    score, start, strand = max(sites)
    return [start, strand, score]
