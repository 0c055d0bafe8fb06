module example.com/byop-example-go

go 1.27
