using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Grains.Streams;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Web.Access;
using Orleans.Tbptt.Silo.Web.Api;
using Orleans.Tbptt.Silo.Web.Markup;
using Orleans.Tbptt.Silo.Web.Models;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Pages.Models;

/// <summary>The pages of models, and their form.</summary>
internal static class ModelPageEndpoints
{
    /// <summary>Bytes of uploaded rows that the form shows again.</summary>
    private const int MostShown = 64 << 10;

    /// <summary>Maps them.</summary>
    public static void MapModelPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/models", async (ModelIndex models) => ModelsPage.Of(await models.ListAsync()));
        pages.MapGet("/models/{name}", ShowAsync);
        pages.MapGet("/models/{name}/streams", StreamsAsync);
        pages.MapPost("/models/{name}/predict", TryAsync).WithMetadata(new BodyLimit(ModelEndpoints.MostBody));
        // Scripts ask for the address of the page again, and users reload it.
        pages.MapGet("/models/{name}/predict", (string name) => new SeeOther($"/models/{Uri.EscapeDataString(name)}"));
    }

    private static async Task<IResult> ShowAsync(
        string name, HttpRequest request, ModelIndex models, ModelShelf shelf, ModelPlots plots, StreamService streams, WebToken token)
    {
        try
        {
            return ModelPage.Of(await ViewAsync(await models.FindAsync(name), request, shelf, plots, streams), token).Frozen();
        }
        catch (ModelNotFoundException) when (RunId.TryParse(name, out var package) && streams.Packages.Contains(package))
        {
            return new SeeOther(StreamsCard.PathOf(name));
        }
    }

    private static async Task<HtmlPage> StreamsAsync(string name, HttpRequest request, ModelIndex models, StreamService streams)
    {
        if (!RunId.TryParse(name, out var model))
            throw new ModelNotFoundException(name);
        bool hasPage = true;
        try
        {
            await models.FindAsync(name);
        }
        catch (ModelNotFoundException) when (streams.Packages.Contains(model))
        {
            hasPage = false;
        }

        return StreamsPage.Of(await ModelStreams.OfAsync(model, streams, request.Query), hasPage, Link.Of(request));
    }

    private static async Task<IResult> TryAsync(
        string name, HttpRequest request, ModelIndex models, ModelShelf shelf, ModelPlots plots, ModelForecasts forecasts,
        StreamService streams, WebToken token)
    {
        var model = await models.FindAsync(name);
        var form = await Forms.ReadAsync(request);
        var (rows, shown) = await RowsAsync(form, request.HttpContext.RequestAborted);
        string word = form[TryItForm.BeginField].ToString();
        var begin = ModelEndpoints.BeginOf(word);
        var outcome = begin is null
            ? new(null, [$"state: found '{Text.OneLine(word)}', expected zero or end"], StatusCodes.Status400BadRequest)
            : await forecasts.ForecastAsync(model, rows, begin.Value, request.HttpContext.RequestAborted);
        if (outcome.Forecast is { } forecast && form[TryItForm.AsField] == TryItForm.AsCsv)
            return ModelEndpoints.CsvOf(forecast);
        var view = await ViewAsync(model, request, shelf, plots, streams);
        return ModelPage.Of(view with { Trial = new(shown, begin ?? default, outcome) }, token);
    }

    private static async Task<ModelView> ViewAsync(
        ModelEntry model, HttpRequest request, ModelShelf shelf, ModelPlots plots, StreamService streams)
    {
        (model, var inputs, string? card) = await Task.Run(() => Read(model, shelf));
        var plot = model.Config is null ? ForecastPlot.None(model.Problem)
            : await plots.OfAsync(model, ModelEndpoints.ChoiceOf(request.Query), request.HttpContext.RequestAborted);
        return new(model, inputs, plot, await ModelStreams.OfAsync(model.Run.Id, streams, request.Query), card)
        {
            Page = Link.Of(request).To($"/models/{model.Name}"),
        };
    }

    private static (ModelEntry Model, ModelInputs Inputs, string? Card) Read(ModelEntry model, ModelShelf shelf)
    {
        string? card = CardOf(model);
        try
        {
            return (model, model.Config is { } config ? ModelInputs.Of(shelf.SpecOf(model), config) : new(), card);
        }
        catch (ModelPackageException damaged)
        {
            return (model with { Config = null, Problem = Text.OneLine(damaged.Message) }, new(), card);
        }
    }

    /// <summary>The rows of an uploaded file, or else those that were pasted; and what the form shows of them.</summary>
    private static async Task<(ForecastRows Rows, string Shown)> RowsAsync(IFormCollection form, CancellationToken gone)
    {
        if (form.Files.GetFile(TryItForm.FileField) is not { Length: > 0 } file)
        {
            string pasted = form[TryItForm.RowsField].ToString();
            return (new(Encoding.UTF8.GetBytes(pasted), IsJson: false), pasted);
        }

        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, gone);
        var rows = new ForecastRows(bytes.ToArray(), Path.GetExtension(file.FileName).ToLowerInvariant() is ".jsonl" or ".ndjson");
        return (rows, rows.Bytes.Length > MostShown || rows.IsJson || rows.Bytes.Span.Contains((byte)0) ? ""
            : Encoding.UTF8.GetString(rows.Bytes.Span));
    }

    private static string? CardOf(ModelEntry model)
    {
        try
        {
            using var file = new StreamReader(model.PathOf(ModelPackage.CardFile));
            var text = new char[MarkdownText.MostText];
            return new(text, 0, file.ReadBlock(text, 0, text.Length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
