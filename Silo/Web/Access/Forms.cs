using Microsoft.AspNetCore.Http;

namespace Orleans.Tbptt.Silo.Web.Access;

/// <summary>Reads forms from untrusted senders.</summary>
internal static class Forms
{
    /// <summary>The form of a request.</summary>
    /// <exception cref="BadHttpRequestException">The body is not a form, despite its content type.</exception>
    public static async Task<IFormCollection> ReadAsync(HttpRequest request)
    {
        try
        {
            return await request.ReadFormAsync(request.HttpContext.RequestAborted);
        }
        catch (Exception exception) when (exception is InvalidDataException or (IOException and not BadHttpRequestException)
            && !request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            throw new BadHttpRequestException($"found a form that cannot be read: {exception.Message}", StatusCodes.Status400BadRequest,
                exception);
        }
    }
}
