using Orleans.Tbptt.Specs;

namespace Orleans.Tbptt.Data.Problems;

/// <summary>The keys of the spec that mistakes in data are reported under.</summary>
internal static class DataKeys
{
    public const string Source = "data.source";
    public const string Inputs = "data.inputs";
    public const string Targets = "data.targets";
    public const string Time = "data.time";
    public const string Step = "data.step";
    public const string Series = "data.series";
    public const string MissingValues = "data.missingValues";
    public const string Transform = "data.transform";
    public const string Known = "data.known";
    public const string Static = "data.static";
    public const string Separator = "data.separator";
    public const string Encoding = "data.encoding";
    public const string Exclude = "data.exclude";
    public const string VocabularyFile = "data.vocabulary";
    public const string Tokenizer = "data.tokenizer";
    public const string Layout = "data.layout";
    public const string Mask = "data.mask";
    public const string BatchSize = "data.batchSize";
    public const string ValidationFraction = "data.validationFraction";
    public const string Categorical = "data.categorical";
    public const string Embeddings = "model.embeddings";
    public const string Classes = "model.classes";
    public const string InputSize = "model.inputSize";
    public const string OutputSize = "model.outputSize";
    public const string Vocabulary = "model.embedding.vocabulary";
    public const string ChunkLength = "tbptt.chunkLength";
    public const string BurnIn = "tbptt.burnIn";
    public const string Backprop = "tbptt.backprop";
    public const string ChunkCount = "tbptt.chunkCount";
    public const string InitFrom = "model.initFrom";
    public const string Extends = "extends.checkpoint";

    /// <summary>A key of the section of a part that is held out.</summary>
    public static string HeldOut(HeldOutPart part, string key) => $"data.{(part == HeldOutPart.Test ? "test" : "validation")}.{key}";
}
