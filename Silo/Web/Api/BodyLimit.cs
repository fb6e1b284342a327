using Microsoft.AspNetCore.Http.Metadata;

namespace Orleans.Tbptt.Silo.Web.Api;

/// <summary>The largest body of requests to an endpoint, which is another than that of the others.</summary>
/// <param name="bytes">Its size.</param>
internal sealed class BodyLimit(long bytes) : IRequestSizeLimitMetadata
{
    /// <inheritdoc/>
    public long? MaxRequestBodySize => bytes;
}
