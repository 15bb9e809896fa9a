module skillet

go 1.24
