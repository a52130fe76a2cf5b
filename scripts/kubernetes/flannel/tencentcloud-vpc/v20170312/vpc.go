// Package v20170312 stands in for Tencent's cloud SDK, which not every module proxy has.
//
// flannel's backend for that cloud does not compile without it. Here are the names that it uses
// and no more: a lab has no such cloud, and each call says so.
package v20170312

import "errors"

var errAbsent = errors.New("built without the SDK of Tencent's cloud")

type (
	Client struct{}
	Filter struct {
		Name   *string
		Values []*string
	}
	Route struct {
		DestinationCidrBlock, GatewayId, GatewayType, RouteType *string
		RouteId                                                 *uint64
		Enabled                                                 *bool
	}
	RouteTable struct {
		RouteTableId *string
		RouteSet     []*Route
	}
	RoutesRequest struct {
		RouteTableId *string
		Routes       []*Route
	}
	DescribeRouteTablesRequest  struct{ Filters []*Filter }
	DescribeRouteTablesResponse struct {
		Response struct{ RouteTableSet []*RouteTable }
	}
)

func NewClientWithSecretId(_, _, _ string) (*Client, error) { return nil, errAbsent }
func NewDescribeRouteTablesRequest() *DescribeRouteTablesRequest {
	return new(DescribeRouteTablesRequest)
}
func NewDeleteRoutesRequest() *RoutesRequest { return new(RoutesRequest) }
func NewCreateRoutesRequest() *RoutesRequest { return new(RoutesRequest) }

func (*Client) DescribeRouteTables(*DescribeRouteTablesRequest) (*DescribeRouteTablesResponse, error) {
	return nil, errAbsent
}
func (*Client) DeleteRoutes(*RoutesRequest) (any, error) { return nil, errAbsent }
func (*Client) CreateRoutes(*RoutesRequest) (any, error) { return nil, errAbsent }
